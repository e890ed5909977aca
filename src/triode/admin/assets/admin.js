// The admin without this file works; with it: fewer round trips.
(() => {
  "use strict";
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  document.documentElement.classList.add("scripted");

  // Keys: "/" searches, Escape closes what is open.
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      const search = document.querySelector("[data-search]");
      if (search) { event.preventDefault(); search.focus(); search.select(); }
    }
    if (event.key === "Escape") {
      for (const open of all("details.filter[open]")) {
        open.open = false;
        open.querySelector("summary").focus();
      }
      if (location.hash === "#menu") location.hash = "main";
    }
  });
  document.addEventListener("click", (event) => {
    for (const open of all("details.filter[open]")) {
      if (!open.contains(event.target)) open.open = false;
    }
  });

  // Rows: pick all, count the picked.
  for (const form of all(".list-form")) {
    const master = form.querySelector("[data-pick-all]");
    const picks = all(".pick", form);
    const told = form.querySelector("[data-picked]");
    if (!master || !picks.length) continue;
    master.hidden = false;
    let last = null;
    const tell = () => {
      const count = picks.filter((pick) => pick.checked).length;
      master.checked = count === picks.length;
      master.indeterminate = count > 0 && count < picks.length;
      told.textContent = count ? `${count} selected` : "With the selected";
    };
    master.addEventListener("change", () => {
      for (const pick of picks) pick.checked = master.checked;
      tell();
    });
    picks.forEach((pick, index) => pick.addEventListener("click", (event) => {
      if (event.shiftKey && last !== null) {
        const [from, to] = last < index ? [last, index] : [index, last];
        for (let at = from; at <= to; at += 1) picks[at].checked = pick.checked;
      }
      last = index;
      tell();
    }));
    window.addEventListener("pageshow", tell);
  }

  // Forms: warn before typed text is lost, and go to the first mistake.
  for (const form of all("[data-guard]")) {
    const state = () => new URLSearchParams(new FormData(form)).toString();
    let clean = state();
    let sending = document.querySelector("[data-focus]") !== null;
    const dirty = () => sending || state() !== clean;
    let leaving = false;
    form.addEventListener("submit", () => { leaving = true; });
    window.addEventListener("pageshow", () => { leaving = false; });
    window.addEventListener("beforeunload", (event) => {
      if (!leaving && dirty()) event.preventDefault();
    });
    form.addEventListener("lookup-ready", () => { clean = state(); });
    for (const cancel of all("[data-leave]", form)) {
      cancel.addEventListener("click", () => { leaving = true; });
    }
  }
  const mistake = document.querySelector("[aria-invalid=true]") || document.querySelector("[data-focus]");
  if (mistake) mistake.focus();
  else if (matchMedia("(pointer: fine)").matches) {
    document.querySelector("[data-new] .sheet :is(input:not([type=hidden]), select, textarea)")?.focus();
  }

  // Lookups: type, and the server answers with choices.
  const fetchChoices = async (address, text, signal) => {
    const url = new URL(address, location.href);
    url.searchParams.set("q", text);
    const answer = await fetch(url, { signal, headers: { Accept: "application/json" }, credentials: "same-origin" });
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.json();
  };

  const combobox = ({ input, list, address, choose }) => {
    let at = -1;
    let timer = 0;
    let running = null;
    const options = () => all("[role=option]", list);
    const show = (open) => {
      list.hidden = !open;
      input.setAttribute("aria-expanded", String(open));
      if (!open) { at = -1; input.removeAttribute("aria-activedescendant"); }
    };
    const move = (to) => {
      const found = options();
      if (!found.length) return;
      at = (to + found.length) % found.length;
      found.forEach((option, index) => {
        option.classList.toggle("at", index === at);
        option.setAttribute("aria-selected", String(index === at));
      });
      input.setAttribute("aria-activedescendant", found[at].id);
      found[at].scrollIntoView({ block: "nearest" });
    };
    const say = (text) => {
      const line = document.createElement("p");
      line.className = "help";
      line.textContent = text;
      list.replaceChildren(line);
    };
    const fill = (answer) => {
      at = -1;
      if (!answer.results.length) { say("Nothing found."); return; }
      list.replaceChildren(...answer.results.map((choice, index) => {
        const option = document.createElement("div");
        option.className = "option";
        option.id = `${list.id}-${index}`;
        option.setAttribute("role", "option");
        option.setAttribute("aria-selected", "false");
        option.textContent = choice.label;
        option.addEventListener("pointerdown", (event) => event.preventDefault());
        option.addEventListener("click", () => { choose(choice); show(false); });
        option.choice = choice;
        return option;
      }));
      if (answer.more) {
        const line = document.createElement("p");
        line.className = "help";
        line.textContent = "Type more to narrow this down.";
        list.append(line);
      }
    };
    const ask = async () => {
      if (running) running.abort();
      running = new AbortController();
      try {
        fill(await fetchChoices(address, input.value, running.signal));
      } catch (error) {
        if (error.name === "AbortError") return;
        say("The choices could not be loaded.");
      }
      show(true);
    };
    input.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(ask, 160); });
    input.addEventListener("focus", () => { input.select(); ask(); });
    input.addEventListener("blur", () => { show(false); });
    input.addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown") { event.preventDefault(); if (list.hidden) ask(); else move(at + 1); }
      else if (event.key === "ArrowUp") { event.preventDefault(); move(at - 1); }
      else if (event.key === "Enter" && !list.hidden) {
        event.preventDefault();
        const option = options()[Math.max(at, 0)];
        if (option) { choose(option.choice); show(false); }
      } else if (event.key === "Escape" && !list.hidden) { event.stopPropagation(); show(false); }
    });
    show(false);
  };

  const makeInput = (id, label) => {
    const input = document.createElement("input");
    input.className = "input";
    input.type = "text";
    input.id = id;
    input.autocomplete = "off";
    input.setAttribute("role", "combobox");
    input.setAttribute("aria-autocomplete", "list");
    input.setAttribute("aria-expanded", "false");
    input.setAttribute("aria-controls", `${id}-list`);
    if (label) input.setAttribute("aria-label", label);
    const list = document.createElement("div");
    list.className = "popover";
    list.id = `${id}-list`;
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", label || "Choices");
    return [input, list];
  };

  const enhance = (root) => {
    for (const box of all("[data-lookup]", root)) {
      const select = box.querySelector("select");
      const find = box.querySelector(".find");
      const id = select.id;
      select.id = `${id}-value`;
      const [input, list] = makeInput(id, "");
      for (const name of ["aria-invalid", "aria-describedby"]) {
        if (select.hasAttribute(name)) input.setAttribute(name, select.getAttribute(name));
      }
      input.placeholder = "Type to search…";
      const shown = () => (select.value === "" ? "" : select.selectedOptions[0]?.text ?? "");
      input.value = shown();
      const choose = (choice) => {
        let option = [...select.options].find((candidate) => candidate.value === String(choice.value));
        if (!option) { option = new Option(choice.label, choice.value); select.add(option); }
        select.value = String(choice.value);
        input.value = shown();
      };
      // Leaving the field puts back what is chosen; an emptied field means "nothing".
      input.addEventListener("blur", () => {
        if (input.value.trim() === "" && !select.required) choose({ value: "", label: "–" });
        input.value = shown();
      });
      const shell = document.createElement("div");
      shell.className = "lookup-shell";
      select.hidden = true;
      find.remove();
      shell.append(input, list);
      box.append(shell);
      combobox({ input, list, address: box.dataset.lookup, choose });
      if (root === document) box.dispatchEvent(new Event("lookup-ready", { bubbles: true }));
    }

    for (const box of all("[data-lookup-many]", root)) {
      const many = box.querySelector(".many");
      const find = box.querySelector(".find");
      const name = find.querySelector("button").value;
      const [input, list] = makeInput(`${many.id}-find`, find.querySelector("input").getAttribute("aria-label"));
      input.placeholder = "Type to add…";
      const choose = (choice) => {
        let tick = all("input", many).find((candidate) => candidate.value === String(choice.value));
        if (!tick) {
          many.querySelector(".help")?.remove();
          const label = document.createElement("label");
          label.className = "choice";
          tick = document.createElement("input");
          Object.assign(tick, { className: "checkbox", type: "checkbox", name, value: choice.value });
          label.append(tick, choice.label);
          many.append(label);
        }
        tick.checked = true;
        tick.closest("label").scrollIntoView({ block: "nearest" });
        input.value = "";
      };
      const shell = document.createElement("div");
      shell.className = "lookup-shell";
      find.remove();
      shell.append(input, list);
      box.append(shell);
      combobox({ input, list, address: box.dataset.lookupMany, choose });
      if (root === document) box.dispatchEvent(new Event("lookup-ready", { bubbles: true }));
    }
  };
  enhance(document);

  // Inlines: one more row is a copy of the blank one.
  for (const inline of all("[data-inline]")) {
    const add = inline.querySelector("[data-inline-add]");
    const blank = inline.querySelector("template");
    if (!add || !blank) continue;
    const count = inline.querySelector(`[name="${inline.dataset.inline}-count"]`);
    add.hidden = false;
    add.addEventListener("click", () => {
      const made = document.createElement("template");
      made.innerHTML = blank.innerHTML.replaceAll("__row__", count.value);
      count.value = String(Number(count.value) + 1);
      inline.querySelector(".inline-none")?.remove();
      const row = made.content.firstElementChild;
      inline.querySelector(".inline-rows").append(row);
      enhance(row);
      row.querySelector("input:not([type=hidden]), select, textarea")?.focus();
    });
  }
})();
