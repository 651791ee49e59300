// Few words for what every page does with its elements.

export const one = (selector, within = document) => within.querySelector(selector);
export const all = (selector, within = document) => [...within.querySelectorAll(selector)];
/** The piece of `within` that a template calls by `name`. */
export const part = (within, name) => within.querySelector(`[data-part="${name}"]`);
/** A fresh copy of the first element in `<template id=...>`. */
export const copyOf = (id) => document.getElementById(id).content.firstElementChild.cloneNode(true);

export function press(button, pressed) {
  button.setAttribute("aria-pressed", String(pressed));
}

/** Calls `act` when nothing has asked for it any more for `milliseconds`. */
export function settled(milliseconds, act) {
  let timer;
  return (...given) => {
    clearTimeout(timer);
    timer = setTimeout(() => act(...given), milliseconds);
  };
}
