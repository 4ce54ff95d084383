"use strict";
// Refreshes the parts of a page, and shows questions and their results in one dialog.

const dialog = document.getElementById("dialog");
const banners = document.getElementById("banners");
const lost = document.getElementById("lost");
const working = document.getElementById("words").dataset.working;
// Parts that could not be read, each with its banner.
const failed = new Map();
// How many questions were asked so far.
let questions = 0;
// Results that came while another question was open.
const later = [];

// Fetches what a "part" or a "dialog" shows.
async function ask(address, place, options = {}) {
  const answer = await fetch(address, { ...options, headers: { "X-Fragment": place } });
  const text = await answer.text();
  const time = answer.headers.get("X-Time");
  if (time && answer.ok) document.getElementById("refreshed").textContent = time;
  lost.hidden = true;
  return { ok: answer.ok, text };
}

function report(part, banner) {
  if (banner) failed.set(part.id, banner);
  else failed.delete(part.id);
  part.classList.toggle("stale", Boolean(banner));
  const shown = [...new Set(failed.values())].join("");
  if (banners.dataset.shown !== shown) {
    banners.innerHTML = shown;
    banners.dataset.shown = shown;
  }
}

// Whether a date is half typed, or is being chosen from its calendar.
function isBeingSet(part) {
  const field = document.activeElement;
  if (!part.contains(field) || !field.matches("[type=date], [type=month]")) return false;
  const chosen = CSS.supports("selector(:open)") && field.matches(":open");
  return chosen || field.value !== field.defaultValue;
}

function fill(part, text) {
  if (part.dataset.text === text || isBeingSet(part)) return;
  const key = part.contains(document.activeElement) && document.activeElement.dataset.key;
  part.dataset.text = text;
  const checked = new Set([...part.querySelectorAll("input:checked")].map((one) => one.id));
  const open = new Set([...part.querySelectorAll("details[open]")].map((one) => one.id));
  const time = document.getElementById("refreshed")?.textContent;
  part.innerHTML = text;
  for (const one of part.querySelectorAll("details")) if (open.has(one.id)) one.open = true;
  for (const one of part.querySelectorAll("[type=checkbox]")) one.checked = checked.has(one.id);
  if (key) part.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus();
  const refreshed = part.querySelector("#refreshed");
  if (refreshed && time) refreshed.textContent = time;
}

async function refresh(part) {
  if (part.dataset.busy) return;
  part.dataset.busy = "1";
  const began = Date.now();
  try {
    const answer = await ask(part.dataset.source, "part");
    // What has the operator's attention is not drawn again.
    if (answer.ok && !dialog.open) fill(part, answer.text);
    report(part, answer.ok ? "" : answer.text);
  } catch {
    lost.hidden = false;
    part.classList.add("stale");
  } finally {
    delete part.dataset.busy;
    part.dataset.at = Date.now();
    part.dataset.took = Date.now() - began;
  }
}

function tick() {
  if (document.hidden || dialog.open) return;
  for (const part of document.querySelectorAll("[data-every]")) {
    // What takes long, such as a campaign of hundreds of requests, is read less often.
    const pause = Math.max(1000 * part.dataset.every, 10 * (part.dataset.took ?? 0));
    const due = Number(part.dataset.at || 0) + pause;
    if (Date.now() >= due) refresh(part);
  }
}

function show(text) {
  dialog.innerHTML = text;
  for (const field of dialog.querySelectorAll("[data-equals]")) {
    const button = field.form.querySelector("button");
    button.disabled = true;
    field.addEventListener("input", () => {
      button.disabled = field.value.normalize("NFC").trim() !== field.dataset.equals;
    });
  }
  if (!dialog.open) dialog.showModal();
  // A long question begins with what it concerns, although the focus is at its end.
  (dialog.querySelector("[autofocus]") ?? dialog).focus({ preventScroll: true });
  dialog.scrollTop = 0;
}

async function post(form, submitter) {
  const body = new URLSearchParams(new FormData(form, submitter));
  const buttons = form.querySelectorAll("button");
  for (const one of buttons) one.disabled = true;
  form.setAttribute("aria-busy", "true");
  const label = submitter?.textContent;
  if (submitter && !form.matches("[data-reveal]")) submitter.textContent = working;
  try {
    const place = form.dataset.into?.startsWith("part-") ? "part" : "dialog";
    return await ask(form.getAttribute("action"), place, { method: "POST", body });
  } catch {
    lost.hidden = false;
    return null;
  } finally {
    for (const one of buttons) one.disabled = false;
    form.removeAttribute("aria-busy");
    if (label && form.isConnected) submitter.textContent = label;
  }
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("[data-into], [data-reveal]")) return;
  event.preventDefault();
  const answer = await post(form, event.submitter);
  if (!answer) return;
  if (form.dataset.into === "dialog") {
    // It must not replace another question that the operator is answering.
    if (dialog.open && !form.isConnected) later.push(answer.text);
    else show(answer.text);
  } else if (form.matches("[data-reveal]")) {
    if (answer.ok) form.outerHTML = answer.text;
    else show(answer.text);
  } else {
    const part = document.getElementById(form.dataset.into);
    if (answer.ok) fill(part, answer.text);
    report(part, answer.ok ? "" : answer.text);
  }
});

document.addEventListener("click", async (event) => {
  const link = event.target.closest("a");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  if (link.matches("[data-close]") && dialog.open) {
    event.preventDefault();
    dialog.close();
  } else if (link.matches("[data-dialog]")) {
    event.preventDefault();
    const mine = ++questions;
    link.setAttribute("aria-busy", "true");
    try {
      const answer = await ask(link.href, "dialog");
      // A question that comes late must not replace another one.
      if (mine === questions && !dialog.open) show(answer.text);
    } catch {
      lost.hidden = false;
    } finally {
      link.removeAttribute("aria-busy");
    }
  }
});

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submit]") && event.target.value) event.target.form.submit();
});

// Links that look like buttons are pressed with the space bar, too.
document.addEventListener("keydown", (event) => {
  if (event.key === " " && event.target.matches("a[role=button]")) {
    event.preventDefault();
    event.target.click();
  }
});

dialog.addEventListener("close", () => {
  dialog.replaceChildren();
  if (later.length) {
    show(later.shift());
    return;
  }
  for (const part of document.querySelectorAll("[data-every]")) refresh(part);
});
document.addEventListener("visibilitychange", tick);

// The page has just been read, except for the parts that failed.
for (const part of document.querySelectorAll("[data-every]")) part.dataset.at = Date.now();
for (const part of document.querySelectorAll("[data-stale]")) {
  part.dataset.at = 0;
  failed.set(part.id, banners.innerHTML);
}
const now = new Date(Date.now() + 8 * 3600e3).toISOString().slice(11, 19);
document.getElementById("refreshed")?.replaceChildren(now);
setInterval(tick, 1000);
