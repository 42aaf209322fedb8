// Renders the AsyncAPI document of this service. `renderer.js` is loaded before this script.
const config = { show: { sidebar: true, errors: true } };
const schema = { url: new URL("asyncapi.json", document.baseURI).href };
globalThis.AsyncApiStandalone.render({ schema, config }, document.getElementById("asyncapi"));
