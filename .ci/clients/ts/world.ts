// What the scripts are told by their environment, and what they expect.
import assert from "node:assert/strict";

function told(name: string): string {
  const value = process.env[name];
  assert.ok(value, `${name} is not set`);
  return value;
}

export const base = told("BASE");
export const email = told("EMAIL");
export const password = told("PASSWORD");
export const origin = told("ORIGIN");
export const question = told("QUESTION");
export const file = new File([told("TEXT")], "merrow.md", { type: "text/markdown" });
export const knows = (answer: string) => assert.match(answer, /1871/);
export const pause = () => new Promise((done) => setTimeout(done, 50));
