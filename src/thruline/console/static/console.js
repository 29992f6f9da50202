// The pages work without this file. With it: copy buttons, a folder path by drag and drop, live progress.
"use strict";

for (const code of document.querySelectorAll("[data-copy]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = "Copy";
  button.setAttribute("aria-label", `Copy ${code.dataset.copy}`);
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(code.dataset.copy);
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  });
  if (navigator.clipboard) code.after(button);
}

// File managers hand over file:// addresses; browsers show pages nothing else of where a folder lies.
for (const input of document.querySelectorAll("[data-drop]")) {
  input.addEventListener("dragover", (event) => event.preventDefault());
  input.addEventListener("drop", (event) => {
    const address = event.dataTransfer.getData("text/uri-list").split("\n")[0].trim();
    if (!address.startsWith("file://")) return;
    event.preventDefault();
    input.value = decodeURIComponent(new URL(address).pathname);
  });
}

const watched = document.querySelectorAll("[data-watch]");

function left(seconds) {
  if (!seconds) return "";
  return seconds < 90 ? `, ${Math.ceil(seconds / 5) * 5} s left` : `, ${Math.round(seconds / 60)} min left`;
}

async function follow() {
  const reply = await fetch("/runs.json");
  if (!reply.ok) return;
  const runs = new Map((await reply.json()).runs.map((run) => [run.id, run]));
  for (const row of watched) {
    const run = runs.get(row.dataset.watch);
    if (!run || run.state !== "running") return location.reload();
    const bar = row.querySelector("progress");
    const text = row.querySelector("[data-progress]");
    if (!bar && run.total) return location.reload();
    if (bar) Object.assign(bar, { value: run.done, max: run.total });
    if (text) text.textContent = `${run.done.toLocaleString("en")} of ${run.total.toLocaleString("en")}${left(run.left_s)}`;
  }
  setTimeout(follow, 2000);
}
if (watched.length) setTimeout(follow, 1000);
