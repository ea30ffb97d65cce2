// The server knows nobody behind this page any more, and answers 401: a sentence, and the way back, instead of a code.
(() => {
  const fetched = window.fetch;
  window.fetch = async (...asked) => {
    const answer = await fetched(...asked);
    const isOwn = new URL(answer.url || location.href).origin === location.origin;
    if (answer.status === 401 && isOwn && document.querySelector("#signed-out:not(.is-open)")) {
      window.castbook.openDialog("#signed-out");
    }
    return answer;
  };
})();
