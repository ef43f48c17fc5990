/* The same of C++: fields of base classes, members that lie elsewhere, names in namespaces. */
namespace app
{

struct base {
	void *payload;
	virtual ~base() {}
};

struct derived : base {
	derived *peer;
	static derived *shared;
};

derived *derived::shared;
derived registry[2];
derived &alias = registry[1];

} // namespace app

int main()
{
	app::derived::shared = &app::alias;
	return app::registry[0].peer != nullptr;
}
