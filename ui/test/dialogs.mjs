// Every dialog, panel and menu of the pages: where it is, and how a reader comes to it.
import { readFileSync } from "node:fs";

/** The words of a language: t("models.version", { version: 1 }). */
export function wordsOf(language) {
  const messages = JSON.parse(readFileSync(new URL(`../src/i18n/${language}.json`, import.meta.url), "utf8"));
  return (key, fields = {}) => messages[key].replace(/\{(\w+)\}/g, (_, name) => fields[name]);
}

/** What opens each of them, and its role: a dialog, a panel ("dialog" too) or a menu. */
export function dialogs(page, t, { runs, charts, run, model }) {
  const button = (name) => page.getByRole("button", { name, exact: true }).first();
  const item = (name) => page.getByRole("menuitem", { name, exact: true });
  const press = (name) => () => button(name).click();
  const inGrid = (key) => async () => {
    await page.locator(".grid").focus();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press(key);
  };
  const selected = (name) => async () => {
    await inGrid("x")();
    await button(name).click();
  };
  const version = `${model}/versions/1`;
  return {
    "finding anything": { path: "/experiments", open: () => page.keyboard.press("Control+k") },
    "all keys": { path: "/experiments", open: () => page.keyboard.press("?") },
    "the theme": { path: "/experiments", role: "menu", open: press(t("theme.label")) },
    "a new experiment": { path: "/experiments", open: press(t("experiments.new")) },
    "columns": { path: runs, open: () => page.keyboard.press("Shift+C") },
    "the filter language": { path: runs, open: press(t("syntax.title")) },
    "groups": { path: runs, open: press(t("tools.group")) },
    "sorting": { path: runs, open: press(t("tools.sort")) },
    "views": { path: runs, open: press(t("views.title")) },
    "the table's menu": { path: runs, role: "menu", open: press(t("tools.more")) },
    "a cell's menu": { path: runs, role: "menu", open: inGrid("Shift+F10") },
    "tags of runs": { path: runs, open: selected(t("bulk.tag")) },
    "names of runs": { path: runs, open: selected(t("bulk.rename")) },
    "another experiment": { path: runs, open: selected(t("bulk.move")) },
    "a new chart": { path: charts, open: press(t("panel.add")) },
    "a chart's menu": { path: charts, role: "menu", open: press(t("panel.menu", { name: "acc" })) },
    "a chart's settings": {
      path: charts,
      async open() {
        await button(t("panel.menu", { name: "acc" })).click();
        await item(t("panel.settings")).click();
      },
    },
    "a chart of its own": { path: charts, open: press(t("panel.fullOf", { name: "acc" })) },
    "a registration": { path: run, open: press(t("models.register")) },
    "a new model": { path: "/models", open: press(t("models.new")) },
    "a model's deletion": {
      path: model,
      async open() {
        await button(t("models.actions")).click();
        await item(t("bulk.delete")).click();
      },
    },
    "stages": { path: version, role: "menu", open: press(t("models.stage.move")) },
    "a move": {
      path: version,
      async open() {
        await button(t("models.stage.move")).click();
        await page.getByRole("menuitem").first().click();
      },
    },
    "an alias": { path: version, open: press(t("models.alias.set")) },
    "a new webhook": {
      path: "/webhooks",
      async open() {
        await button(t("webhooks.new")).click();
        await page.getByRole("checkbox", { name: t("webhooks.event.condition") }).check();
      },
    },
    "a webhook's menu": { path: "/webhooks", role: "menu", open: press(t("webhooks.more", { name: "chat" })) },
    "a webhook's deliveries": { path: "/webhooks", open: press(t("webhooks.deliveries.of", { name: "chat" })) },
    "a webhook's deletion": {
      path: "/webhooks",
      async open() {
        await button(t("webhooks.more", { name: "chat" })).click();
        await item(t("bulk.delete")).click();
      },
    },
    "an alias's removal": { path: version, open: press(t("models.alias.drop", { alias: "champion" })) },
  };
}
