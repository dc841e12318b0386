// Debian's Chromium without a display.

import { chromium } from "playwright-core";

/// A browser that is gone after the test.
/// @param options of its launch.
export async function browser_of(t, options = {}) {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    headless: true,
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
           "--disable-background-networking", "--disable-component-update", "--disable-sync"],
    ...options,
  });
  t.after(() => browser.close());
  return browser;
}
