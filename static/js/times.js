/* "2 min ago" must not stay on a page that stays open: moments within a day are said anew. The words
   are the server's (data-ago of <body>), and so is the clock: this device's own may be wrong. */
(function () {
  "use strict";
  const words = JSON.parse(document.body.dataset.ago || "null");
  if (!words) return;
  const ahead = words.clock - Date.now();
  const HOUR = 3600;

  function said(seconds) {
    const distance = Math.abs(seconds);
    if (distance < 45) return seconds > 0 ? words.now : words.just;
    const [pattern, unit] = distance < HOUR - 30
      ? [seconds > 0 ? words.inMinutes : words.minutes, 60]
      : [seconds > 0 ? words.inHours : words.hours, HOUR];
    return pattern.replace("{n}", Math.max(1, Math.round(distance / unit)));
  }

  function tell() {
    if (document.hidden) return;
    document.querySelectorAll("time[title]").forEach((time) => {
      const seconds = (Date.parse(time.dateTime) - Date.now() - ahead) / 1000;
      const distance = Math.abs(seconds);
      /* Beyond six hours days have names; only what was said in hours here goes on in hours. */
      if (distance > (time.dataset.told ? 24 : 6) * HOUR) return;
      time.dataset.told = "1";
      const text = said(seconds);
      if (time.textContent !== text) time.textContent = text;
    });
  }

  setInterval(tell, 20000);
  document.addEventListener("visibilitychange", tell);
})();
