// "Show the whole message" is of use only once the whole message has scrolled away.
function watchMessage() {
  const said = document.querySelector(".said:not(.short)");
  const offer = document.querySelector("[data-whole-message]");
  if (!said || !offer) return;
  new IntersectionObserver(([seen]) => {
    offer.classList.toggle("not-needed", seen.intersectionRatio > 0.9);
  }, { threshold: [0.9, 1] }).observe(said);
}
document.addEventListener("DOMContentLoaded", watchMessage);
document.addEventListener("htmx:afterSettle", watchMessage);
