import { describe, expect, it } from "vitest";
import { fileAddress, fileOf } from "../src/data/filepath";

describe("the address of a run's file", () => {
  it.each(["note.txt", "figures/a b.png", "100%.txt", "a%3Fb?c#d", "模型/权重.bin", "a//b"])("gives %s back", (file) => {
    expect(fileOf(new URL(fileAddress("ab12", file), "http://x/base/").pathname)).toBe(file);
  });

  it("is empty on other pages", () => {
    expect(fileOf("/runs/ab12/artifacts")).toBe("");
    expect(fileOf("/runs/ab12/artifacts/")).toBe("");
    expect(fileOf("/experiments")).toBe("");
  });

  it("reads an escape that is none as it stands", () => {
    expect(fileOf("/runs/ab12/artifacts/50%/x")).toBe("50%/x");
  });
});
