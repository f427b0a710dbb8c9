// Opens netdiff's reports in headless Chromium: see README.md.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const project = resolve(here, "../..");
const programs = resolve(process.env.NETDIFF ?? join(project, "target/release"));
const browserPath = process.env.CHROMIUM ?? "/usr/bin/chromium";
const FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync"];
const MANY = 100_000;
const LIMIT_MS = 2_000;

function skip(what) {
  console.log(`skipped: ${what}; see testdata/browser/README.md`);
  process.exit(0);
}

if (!existsSync(browserPath)) skip(`no Chromium at ${browserPath}`);
for (const program of ["netdiff", "examples/many_flows"]) {
  if (!existsSync(join(programs, program))) skip(`${join(programs, program)} is not built`);
}
const packages = await Promise.all(["playwright-core", "axe-core", "html-validate"].map((name) => import(name).catch(() => skip(`the package ${name} is missing`))));
const [{ chromium }, axe, { HtmlValidate }] = packages;

const folder = mkdtempSync(join(tmpdir(), "netdiff-browser-"));
const buffer = { maxBuffer: 1 << 30, env: { ...process.env, LC_ALL: "C.UTF-8" } };

/** Writes a report and gives its path; netdiff's exit status 1 says that it found something. */
function report(name, ...args) {
  const file = join(folder, `${name}.html`);
  try {
    execFileSync(join(programs, "netdiff"), [...args, "--format", "html", "-o", file], { cwd: project, ...buffer });
  } catch (error) {
    if (error.status !== 1) throw error;
  }
  return file;
}

function scenario(name) {
  const sets = `testdata/scenarios/${name}`;
  return report(name, "diff", `${sets}/reference`, `${sets}/failing`);
}

/** Opens a page and notes everything that a page must not do. */
async function open(browser, file, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, ...options });
  const page = await context.newPage();
  const url = pathToFileURL(file).href;
  const wrong = [];
  page.on("console", (message) => { if (["error", "warning"].includes(message.type())) wrong.push(message.text()); });
  page.on("pageerror", (error) => wrong.push(error.message));
  page.on("request", (request) => { if (request.url().split("#")[0] !== url) wrong.push(`request of ${request.url()}`); });
  await page.goto(url);
  return { page, wrong, picture: (name, full = false) => page.screenshot({ path: join(folder, `${name}.png`), fullPage: full }) };
}

const rows = (page) => page.locator("#table tbody tr");

async function useTheIncident(browser, file) {
  const { page, wrong, picture } = await open(browser, file, { colorScheme: "light" });
  await picture("incident");
  await picture("incident-full", true);
  const first = await page.locator(".lead").innerText();
  for (const what of ["1 error", "VXLAN packets leave master/eth0", "master/eth0 and node/eth0", "firewall", "open UDP 8472"]) {
    assert.ok(first.includes(what), `the first screen does not say: ${what}`);
  }
  assert.ok((await page.locator(".lead").boundingBox()).height < 860, "what matters does not fit the first screen");

  const all = await rows(page).count();
  await page.fill("#words", "tcp 8080");
  assert.equal(await rows(page).count(), 1);
  assert.match(await page.locator("#shown").innerText(), /^1 of /);
  await page.fill("#words", "");
  await page.selectOption("#state", "differs");
  assert.equal(await rows(page).count(), 4);
  await page.selectOption("#state", "");
  assert.equal(await rows(page).count(), all);

  const column = async (nth) => rows(page).locator(`td:nth-child(${nth})`).allInnerTexts();
  await page.locator("#table thead th:nth-child(1) button").click();
  const names = await column(1);
  assert.deepEqual(names, [...names].sort(), "not sorted by name");
  await page.locator("#table thead th:nth-child(6) button").click();
  const lost = (await column(6)).map(Number);
  assert.deepEqual(lost, [...lost].sort((a, b) => b - a), "not sorted by losses");
  assert.equal(await page.locator("#table thead th[aria-sort]").count(), 1);

  // A row leads to its ladder, by keyboard.
  await page.click("#close-all");
  await page.locator("#table tbody a").first().focus();
  await page.keyboard.press("Enter");
  const opened = page.locator("details.ladder[open]");
  await opened.waitFor();
  assert.equal(await opened.count(), 1);
  await opened.locator("details.figures summary").first().click();
  await picture("ladder");
  await page.click("#open-all");
  assert.equal(await page.locator("details.ladder:not([open])").count(), 0);

  await page.evaluate(() => { document.addEventListener("copy", () => { window.copied = getSelection().toString() || document.activeElement.value; }); });
  const filter = page.locator("#findings button.copy").first();
  await filter.click();
  await page.locator("#said", { hasText: "Copied: frame.number in {15, 16, 17, 18}" }).waitFor();

  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await background();
  await page.click("#theme");
  assert.notEqual(await background(), light, "it does not turn dark");
  assert.equal(await page.getAttribute("#theme", "aria-pressed"), "true");
  await page.evaluate(() => scrollTo(0, 0));
  await picture("incident-dark");
  await page.click("#theme");
  assert.equal(await background(), light, "it does not turn light again");

  await page.emulateMedia({ media: "print" });
  await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
  assert.equal(await page.locator("details:not([open])").count(), 0, "paper does not unfold");
  await page.pdf({ path: join(folder, "incident.pdf"), format: "A4" });
  assert.deepEqual(wrong, []);
}

async function isAccessible(browser, file) {
  for (const colorScheme of ["light", "dark"]) {
    for (const width of [1280, 420]) {
      const { page, picture } = await open(browser, file, { colorScheme, viewport: { width, height: 860 } });
      await page.evaluate(() => document.querySelectorAll("details").forEach((details) => { details.open = true; }));
      await page.evaluate(axe.source ?? axe.default.source);
      const { violations } = await page.evaluate(() => axe.run());
      const told = violations.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map((node) => node.html).join(" | ")}`);
      assert.deepEqual(told, [], `${file}, ${colorScheme}, ${width} pixels`);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(wide <= 0, `the page is ${wide} pixels wider than a window of ${width}`);
      if (width === 420) {
        await page.evaluate(() => scrollTo(0, 0));
        await picture(`narrow-${colorScheme}`);
      }
    }
  }
}

async function isReadableWithoutScript(browser, file) {
  const { page } = await open(browser, file, { javaScriptEnabled: false });
  for (const what of ["open UDP 8472", "12 lost between master/eth0 and node/eth0"]) {
    assert.ok(await page.getByText(what).first().isVisible(), `not seen without script: ${what}`);
  }
  assert.ok(await rows(page).count() > 0);
  assert.equal(await page.locator("#filter").isVisible(), false);
}

async function runsNothingFromNames(browser) {
  // The page's policy, tried with a script that has got in as if the escaping had failed.
  const file = join(folder, "injected.html");
  writeFileSync(file, readFileSync(join(folder, "vxlan-8472-blocked.html"), "utf8").replace("</main>", "<script>window.injected = true</script><img src=x onerror='window.injected = true'></main>"));
  const { page, wrong } = await open(browser, file);
  assert.equal(await page.evaluate(() => window.injected), undefined, "a strange script ran");
  assert.ok(wrong.some((text) => text.includes("Content Security Policy")), wrong.join("\n"));
}

async function staysQuick(browser) {
  const file = join(folder, "many.html");
  writeFileSync(file, execFileSync(join(programs, "examples/many_flows"), [String(MANY)], buffer));
  const started = performance.now();
  const { page, wrong } = await open(browser, file);
  await page.locator("#shown", { hasText: `of ${MANY}` }).waitFor();
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done))));
  const opened = performance.now() - started;
  const filtered = await page.evaluate(async () => {
    const started = performance.now();
    const input = document.getElementById("words");
    input.value = "10.1.2.3 lost";
    input.dispatchEvent(new Event("input"));
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    return performance.now() - started;
  });
  assert.ok(await rows(page).count() >= 1);
  const size = (statSync(file).size / 1e6).toFixed(1);
  console.log(`${MANY} flows, ${size} MB: opened in ${opened.toFixed(0)} ms, filtered in ${filtered.toFixed(0)} ms`);
  assert.ok(opened < LIMIT_MS && filtered < LIMIT_MS);
  assert.deepEqual(wrong, []);
}

async function isValid(files) {
  const validator = new HtmlValidate({
    extends: ["html-validate:recommended"],
    rules: {
      // Matters of taste, and names that come from captures.
      "long-title": "off",
      "no-trailing-whitespace": "off",
      "no-raw-characters": "off",
      "valid-id": ["error", { relaxed: true }],
      "svg-focusable": "off",
      // A region that scrolls must be reachable by keyboard, and so must have a name.
      "prefer-native-element": "off",
      "tel-non-breaking": "off",
      "no-implicit-button-type": "error",
    },
  });
  for (const file of files) {
    const { results } = await validator.validateString(readFileSync(file, "utf8"), file);
    const told = results.flatMap(({ messages }) => messages.map(({ ruleId, message, line }) => `${line}: ${ruleId}: ${message}`));
    assert.deepEqual(told.slice(0, 10), [], file);
  }
}

const browser = await chromium.launch({ executablePath: browserPath, args: FLAGS });
try {
  const incident = scenario("vxlan-8472-blocked");
  const files = [incident, scenario("clusterip-blocked"), scenario("three-nodes"), report("trace", "trace", "testdata/scenarios/loss-random/failing")];
  await useTheIncident(browser, incident);
  await isReadableWithoutScript(browser, incident);
  await runsNothingFromNames(browser);
  for (const file of files) await isAccessible(browser, file);
  await isValid(files);
  await staysQuick(browser);
  if (process.argv.includes("--picture")) {
    const { page } = await open(browser, incident, { colorScheme: "light" });
    await page.screenshot({ path: join(project, "docs/report.png"), clip: { x: 0, y: 0, width: 1280, height: 640 } });
  }
} finally {
  await browser.close();
}
console.log(`all well; pictures are in ${folder}`);
