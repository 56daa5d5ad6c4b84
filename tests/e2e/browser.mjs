// SPDX-License-Identifier: BSD-3-Clause
// Headless Chromium as a publisher, driven line by line: a JSON command on stdin, a JSON answer on stdout.
// usage: node browser.mjs CHROMIUM_COMMAND [CHROMIUM_ARG...]
//   {"do":"open","page":"http://…","script":"…"}  a page, with a script of ours in it
//   {"do":"run","code":"…"}                       an async function's body in that page; its value is the answer
//   {"do":"close"}                                the page, and the browser
import { createInterface } from "node:readline";
import { createRequire } from "node:module";
const require = createRequire(new URL("./npm/", import.meta.url));
const { chromium } = require("playwright-core");

const [executablePath, ...args] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath, headless: true, chromiumSandbox: false, args });
const context = await browser.newContext({ ignoreHTTPSErrors: true });
let page;

const commands = {
  async open({ page: url, script }) {
    page = await context.newPage();
    page.on("console", (message) => process.stderr.write(`console: ${message.text()}\n`));
    page.on("pageerror", (error) => process.stderr.write(`page: ${error}\n`));
    const to = new URL(url);
    await context.grantPermissions(["camera", "microphone"], { origin: to.origin });
    if (script) await page.route(url, (route) => route.fulfill({ contentType: "text/html", body: `<!doctype html><title>publisher</title><body><script>${script}</script>` }));
    await page.goto(url);
  },
  async run({ code }) {
    return await page.evaluate(`(async () => { ${code} })()`);
  },
  async close() {
    await browser.close();
  },
};

console.log(JSON.stringify({ ok: true, value: { version: browser.version() } }));
for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  try {
    const value = await commands[command.do](command);
    console.log(JSON.stringify({ ok: true, value: value ?? null }));
  } catch (error) {
    console.log(JSON.stringify({ ok: false, why: String(error) }));
  }
  if (command.do === "close") break;
}
process.exit(0);
