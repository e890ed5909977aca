// Starts ReDoc in the colours that the reader's system asks for.
"use strict";

(() => {
  const root = document.getElementById("redoc");
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const darkTheme = {
    colors: {
      primary: { main: "#8ab4f8", light: "#a8c7fa" },
      text: { primary: "#e3e6ea", secondary: "#a9b1bb" },
      border: { dark: "#3a424d", light: "#2b323b" },
      success: { main: "#5bb974" },
      warning: { main: "#fcc934" },
      error: { main: "#f28b82" },
      gray: { 50: "#20262e", 100: "#2b323b" },
      responses: {
        success: { color: "#81c995", backgroundColor: "rgba(91, 185, 116, 0.12)", tabTextColor: "#81c995" },
        error: { color: "#f28b82", backgroundColor: "rgba(242, 139, 130, 0.12)", tabTextColor: "#f28b82" },
        redirect: { color: "#fcc934", backgroundColor: "rgba(252, 201, 52, 0.12)", tabTextColor: "#fcc934" },
        info: { color: "#8ab4f8", backgroundColor: "rgba(138, 180, 248, 0.12)", tabTextColor: "#8ab4f8" },
      },
    },
    schema: { nestedBackground: "#1c2128", linesColor: "#4a5563", typeNameColor: "#a9b1bb", typeTitleColor: "#a9b1bb" },
    sidebar: { backgroundColor: "#1c2128", textColor: "#d3d8de" },
    rightPanel: {
      backgroundColor: "#0f1318",
      textColor: "#e3e6ea",
      servers: {
        overlay: { backgroundColor: "#20262e", textColor: "#e3e6ea" },
        url: { backgroundColor: "#14181d" },
      },
    },
    codeBlock: { backgroundColor: "#161b22" },
    typography: { code: { color: "#f28b82", backgroundColor: "#2b323b" } },
  };

  // ReDoc draws its maker's logo from his server, which the page's policy refuses with a complaint;
  // it is content to hear that there is none.
  const property = Object.getOwnPropertyDescriptor(HTMLImageElement.prototype, "src");
  const setAttribute = Element.prototype.setAttribute;
  const isRefused = (image, url) => {
    const refuses = String(url).startsWith("https://cdn.redoc.ly/");
    if (refuses) setTimeout(() => image.dispatchEvent(new Event("error")));
    return refuses;
  };
  Object.defineProperty(HTMLImageElement.prototype, "src", {
    ...property,
    set(url) {
      if (!isRefused(this, url)) property.set.call(this, url);
    },
  });
  HTMLImageElement.prototype.setAttribute = function (name, value) {
    if (name !== "src" || !isRefused(this, value)) setAttribute.call(this, name, value);
  };

  const draw = () => {
    document.documentElement.classList.toggle("dark", dark.matches);
    const options = { theme: dark.matches ? darkTheme : {} };
    window.Redoc.init(root.dataset.url, options, root);
  };

  draw();
  dark.addEventListener("change", () => window.location.reload());
})();
