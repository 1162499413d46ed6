// Makes both clients from the document.
import { mkdir, writeFile } from "node:fs/promises";
import { createClient } from "@hey-api/openapi-ts";
import openapiTS, { astToString } from "openapi-typescript";
import ts from "typescript";

const document = new URL("../../../docs/api/openapi.json", import.meta.url);
const blob = ts.factory.createTypeReferenceNode("Blob");

await mkdir("made", { recursive: true });
const types = await openapiTS(document, {
  // As openapi-typescript's own documentation does it: bytes are no string.
  transform: (schema) => (schema.format === "binary" ? blob : undefined),
});
await writeFile("made/openapi.ts", astToString(types));
await createClient({
  input: document.pathname,
  output: "made/hey",
  plugins: ["@hey-api/client-fetch", "@hey-api/typescript", "@hey-api/sdk"],
  logs: { level: "warn", file: false },
});
