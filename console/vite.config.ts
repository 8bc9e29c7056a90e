import { defineConfig } from "vite";

const plant = new URL("../src/andon/plant/", import.meta.url).pathname;

// Words and design tokens are those of the whole product; what is built travels in the wheel.
export default defineConfig({
  resolve: { alias: { "@catalogue": `${plant}words`, "@design": `${plant}design` } },
  build: {
    outDir: "../src/andon/service/console",
    emptyOutDir: true,
    assetsDir: "files", // `/assets/...` is a page
    assetsInlineLimit: 0, // nothing inline: the content security policy forbids it
    modulePreload: { polyfill: false },
    cssCodeSplit: false,
    target: "es2022",
    reportCompressedSize: false,
  },
  server: { proxy: { "/api": process.env["ANDON_API"] ?? "http://127.0.0.1:8800" }, fs: { allow: [".."] } },
});
