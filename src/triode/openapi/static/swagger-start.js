// Starts Swagger UI. The page carries the settings as data, so that it needs no inline script.
"use strict";

(() => {
  const root = document.getElementById("swagger-ui");
  const settings = JSON.parse(root.dataset.settings);
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const paint = () => document.documentElement.classList.toggle("dark-mode", dark.matches);

  paint();
  dark.addEventListener("change", paint);

  if (settings.oauth2RedirectUrl) {
    settings.oauth2RedirectUrl = new URL(settings.oauth2RedirectUrl, window.location.href).href;
  }
  // Swagger UI takes lines of JSON for a file; shown they are text like any other.
  const readLines = async (response) => {
    const type = (response.headers && response.headers["content-type"]) || "";
    if (response.data instanceof Blob && /jsonl|ndjson|json-seq/.test(type)) {
      response.text = response.data = await response.data.text();
    }
    return response;
  };
  const ui = window.SwaggerUIBundle({
    responseInterceptor: readLines,
    ...settings,
    presets: [
      window.SwaggerUIBundle.presets.apis,
      window.SwaggerUIBundle.SwaggerUIStandalonePreset,
    ],
  });
  if (root.dataset.oauth) {
    ui.initOAuth(JSON.parse(root.dataset.oauth));
  }
  window.ui = ui;
})();
