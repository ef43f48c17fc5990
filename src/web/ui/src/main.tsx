import { render } from "preact";
import { App } from "./app_view";
import "./style.css";

render(<App />, document.getElementById("app")!);
