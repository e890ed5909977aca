// Reloads this page when a file of the application has changed. Only `triode dev` sends it.
(() => {
  const own = new URL(document.currentScript.src);
  const address = own.href.replace(/^http/, "ws").replace(/\.js.*/, "");
  let shown = own.searchParams.get("v");
  let isLeaving = false;
  addEventListener("pagehide", () => { isLeaving = true; });
  const connect = () => {
    const socket = new WebSocket(address);
    socket.onmessage = (event) => {
      if (event.data !== shown) location.reload();
      shown = event.data;
    };
    socket.onclose = () => { if (!isLeaving) setTimeout(connect, 300); };
  };
  connect();
})();
