// Makes a form of every path of the API's description. All text from outside goes through textContent.

const make = (name, properties = {}, ...children) => {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
};

const field = (parameter) => {
  const choices = parameter.schema?.enum ?? parameter.schema?.oneOf?.find((one) => one.enum)?.enum;
  const input = choices
    ? make("select", { name: parameter.name }, make("option", { value: "", textContent: "" }),
        ...choices.map((choice) => make("option", { textContent: choice })))
    : make("input", { name: parameter.name, placeholder: parameter.description ?? "" });
  input.required = parameter.required === true;
  input.dataset.where = parameter.in;
  return make("label", { textContent: parameter.name }, input);
};

const send = async (method, path, form, shown) => {
  const query = new URLSearchParams();
  let place = path;
  for (const input of form.querySelectorAll("[data-where]")) {
    if (input.dataset.where === "path") place = place.replace(`{${input.name}}`, encodeURIComponent(input.value));
    else if (input.value !== "") query.append(input.name, input.value);
  }
  const url = query.size > 0 ? `${place}?${query}` : place;
  const headers = { accept: form.elements.accept.value };
  const options = { method, headers };
  if (method === "POST") {
    const token = document.querySelector("#token").value;
    if (token !== "") headers.authorization = `Bearer ${token}`;
    if (form.elements.body.value !== "") {
      headers["content-type"] = "application/json";
      options.body = form.elements.body.value;
    }
  }
  shown.textContent = "…";
  try {
    const response = await fetch(url, options);
    const text = await response.text();
    const isJson = (response.headers.get("content-type") ?? "").includes("json");
    const body = isJson ? JSON.stringify(JSON.parse(text), null, 2) : text;
    shown.textContent = `${method} ${url}\n${response.status} ${response.statusText}\n\n${body}`;
  } catch (error) {
    shown.textContent = `${method} ${url}\nno answer: ${error.message}. Is the console still running?`;
  }
};

const section = (path, method, operation) => {
  const shown = make("pre", { textContent: "" });
  const accept = make("select", { name: "accept" },
    ...["application/json", "text/csv"].map((form) => make("option", { textContent: form })));
  const form = make("form", {}, ...(operation.parameters ?? []).map(field),
    make("label", { textContent: "Accept" }, accept));
  if (method === "POST") {
    const body = make("textarea", { name: "body", rows: 2, value: '{"mode":"drain"}' });
    form.append(make("label", { className: "wide", textContent: "Body" }, body));
  }
  form.append(make("button", { textContent: "Send" }));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(method, path, form, shown);
  });
  const title = make("summary", {}, make("code", { textContent: `${method} ${path}` }), ` ${operation.summary ?? ""}`);
  if (path === "/events") {
    const link = make("a", { href: "/events", textContent: "open the stream in a tab" });
    return make("details", {}, title, make("p", {}, link));
  }
  return make("details", {}, title, form, shown);
};

const description = await (await fetch("/openapi.json")).json();
const sections = Object.entries(description.paths).flatMap(([path, operations]) =>
  Object.entries(operations).map(([method, operation]) => section(path, method.toUpperCase(), operation)));
document.querySelector("#paths").replaceChildren(...sections);
