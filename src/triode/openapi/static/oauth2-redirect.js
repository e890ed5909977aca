// Hands the answer of an authorization server to the Swagger UI window that opened this one.
"use strict";

(() => {
  const oauth2 = window.opener.swaggerUIRedirectOauth2;
  const fromHash = /code|token|error/.test(window.location.hash);
  const text = fromHash ? window.location.hash.slice(1).replace("?", "&") : window.location.search;
  const answer = Object.fromEntries(new URLSearchParams(text));
  const isValid = answer.state === oauth2.state;
  const usesCode = ["accessCode", "authorizationCode", "authorization_code"].includes(
    oauth2.auth.schema.get("flow"),
  );
  const report = (level, message) =>
    oauth2.errCb({ authId: oauth2.auth.name, source: "auth", level, message });

  if (!usesCode || oauth2.auth.code) {
    oauth2.callback({ auth: oauth2.auth, token: answer, isValid, redirectUrl: oauth2.redirectUrl });
  } else if (!isValid) {
    report("error", "Authorization refused: the answer does not carry the state that was sent.");
  } else if (answer.code) {
    delete oauth2.state;
    oauth2.auth.code = answer.code;
    oauth2.callback({ auth: oauth2.auth, redirectUrl: oauth2.redirectUrl });
  } else {
    const reason = [answer.error, answer.error_description, answer.error_uri].filter(Boolean);
    report("error", reason.join(". ") || "Authorization failed: the server sent no code.");
  }
  window.close();
})();
