/* Hints of a topic reach the page at once, and then about once a second, merged: a page that waits for quiet
   before it reads itself again would wait for ever while orders pour in. Pages keep different paces, so that
   a hundred of them do not ask in the same moment again and again. */
(function () {
  "use strict";
  const pace = () => 800 + 550 * Math.random();
  const waiting = new Map(); // topic → the ids that came meanwhile
  const fire = (topic, ids) => document.body.dispatchEvent(new CustomEvent(`live:${topic}`, { detail: { ids } }));
  const merged = (all) => (all.includes("many") ? "many" : [...new Set(all.flat())]);

  function tell(topic, ids) {
    if (topic === "resync") return fire(topic, ids);
    if (waiting.has(topic)) return waiting.get(topic).push(ids);
    waiting.set(topic, []);
    setTimeout(() => {
      const all = waiting.get(topic);
      waiting.delete(topic);
      if (all.length) tell(topic, merged(all));
    }, pace());
    fire(topic, ids);
  }
  window.magflow.tell = tell;
})();
