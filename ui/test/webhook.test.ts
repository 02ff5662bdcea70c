import { describe, expect, it } from "vitest";
import type { Webhook } from "../src/api/types";
import { changesOf, draftOf, inOrder, isComplete, isWebhookName, isWebhookUrl } from "../src/data/webhook";

const chat: Webhook = {
  webhook_id: "w1",
  name: "chat",
  url: "https://hooks.example.com/x",
  events: ["model_version.created", "prompt.created", "run.condition_met"],
  status: "ACTIVE",
  condition: "metrics.loss.nans > 0",
  experiment_ids: ["3"],
  signed: true,
};

describe("a webhook's form", () => {
  it("sends nothing of what stays, the secret least", () => {
    expect(changesOf(chat, draftOf(chat))).toEqual({});
    expect(changesOf(chat, { ...draftOf(chat), events: chat.events.toReversed() })).toEqual({});
  });

  it("sends what is new, and keeps events that the pages do not know", () => {
    const draft = { ...draftOf(chat), name: " talk ", events: [...chat.events, "run.failed"], secret: "s" };
    expect(changesOf(chat, draft)).toEqual({ name: "talk", events: [...chat.events, "run.failed"], secret: "s" });
    expect(changesOf(chat, { ...draftOf(chat), unsigned: true })).toEqual({ secret: "" });
  });

  it("drops the condition and the experiments with the events that they are about", () => {
    const events = ["model_version.created"];
    expect(changesOf(chat, { ...draftOf(chat), events })).toEqual({ events, condition: "", experiment_ids: [] });
    const draft = { ...draftOf(null), name: "a", url: chat.url, events, condition: "x", experiments: ["3"] };
    expect(changesOf(null, draft)).toEqual({ name: "a", url: chat.url, events });
  });

  it("is complete with a name, an address, an event, and a condition where one is asked for", () => {
    const draft = draftOf(chat);
    expect(isComplete(draft)).toBe(true);
    for (const change of [{ name: "" }, { url: "ftp://x" }, { events: [] }, { condition: " " }]) {
      expect(isComplete({ ...draft, ...change })).toBe(false);
    }
  });

  it("names the events in one order", () => {
    const events = ["prompt.created", "run.condition_met", "run.failed", "model_version.created"];
    expect(inOrder(events)).toEqual(["model_version.created", "run.failed", "run.condition_met", "prompt.created"]);
  });

  it("knows the server's names and addresses", () => {
    expect(["a", "a.b-c_d", "A1"].every(isWebhookName)).toBe(true);
    expect(["", "-a", "a-", "a b", "é", "a".repeat(64)].some(isWebhookName)).toBe(false);
    expect(["http://x", "HTTPS://x/y"].every(isWebhookUrl)).toBe(true);
    expect(["", "x", "http://", "http:///x", "javascript:1"].some(isWebhookUrl)).toBe(false);
  });
});
