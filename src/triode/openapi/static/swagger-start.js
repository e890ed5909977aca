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
  const ui = window.SwaggerUIBundle({
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
