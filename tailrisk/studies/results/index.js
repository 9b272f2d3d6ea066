
const words = document.getElementById("words"), kind = document.getElementById("kind"),
  count = document.getElementById("count"), rows = [...document.querySelectorAll("tbody tr")];
function narrow() {
  const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const row of rows) {
    const text = row.textContent.toLowerCase();
    row.hidden = !(wanted.every(word => text.includes(word)) && (!kind.value || row.dataset.kind === kind.value));
    shown += !row.hidden;
  }
  count.textContent = `${shown} of ${rows.length} results`;
}
words.addEventListener("input", narrow);
kind.addEventListener("change", narrow);
narrow();
