/*
 * The course of time: driver/timeline.h behind a lock. The page asks for a sample by POST, since it
 * makes us ask another program, and then reads what there is.
 */
#include "driver/timeline.h"

#include "web/web_reply.h"

enum err_code web_api_timeline(struct web_request *request, struct web_reply *reply, struct err *e)
{
	struct web_profiles *p = &request->web->profiles;
	enum err_code code;

	reply->type = "application/json";
	pthread_mutex_lock(&p->loading);
	code = timeline_write(&p->timeline, &reply->body, e);
	pthread_mutex_unlock(&p->loading);
	return code;
}

enum err_code web_sample(struct web_request *request, struct web_reply *reply, struct err *e)
{
	struct web_profiles *p = &request->web->profiles;
	enum err_code code;

	(void)reply;
	pthread_mutex_lock(&p->loading);
	code = timeline_sample(&p->timeline, e);
	pthread_mutex_unlock(&p->loading);
	return code;
}
