// Sends the mails of a folder, again and again, over a pool of nodemailer's, and tells what that cost.
//
//     node nodemailer.js PORT CONNECTIONS MAILS WARM FOLDER SENDER
//
// WARM mails are sent first, so that the connections are open and the code is compiled; then it prints "ready" and waits
// for a line before it sends MAILS of them, at most four per connection waiting. Last it prints JSON: seconds of the wall
// and of the CPU, all threads of this process, for those MAILS.

const { readFileSync, readdirSync } = require("fs");
const { join } = require("path");
const { createTransport } = require("nodemailer");
const { version } = require("nodemailer/package.json");

const [port, connections, mails, warm] = process.argv.slice(2, 6).map(Number);
const [folder, sender] = process.argv.slice(6);
const contents = readdirSync(folder).filter((name) => name.endsWith(".eml")).sort().map((name) => readFileSync(join(folder, name)));

const pool = createTransport({
  pool: true,
  maxConnections: connections,
  maxMessages: Infinity,
  host: "127.0.0.1",
  port,
  secure: false,
  ignoreTLS: true,
  name: "client.invalid",
});

async function send(count, prefix) {
  let next = 0;
  const worker = async () => {
    while (next < count) {
      const number = next++;
      const envelope = { from: sender, to: [`${prefix}${number}@example.com`] };
      const told = await pool.sendMail({ envelope, raw: contents[number % contents.length] });
      if (told.accepted.length !== 1) throw new Error(`not accepted: ${told.response}`);
    }
  };
  await Promise.all(Array.from({ length: connections * 4 }, worker));
}

async function main() {
  await send(warm, "warm");
  console.log("ready");
  await new Promise((resolve) => process.stdin.once("data", resolve));
  const wall = process.hrtime.bigint();
  const before = process.cpuUsage();
  await send(mails, "reader");
  const used = process.cpuUsage(before);
  const seconds = Number(process.hrtime.bigint() - wall) / 1e9;
  console.log(JSON.stringify({ seconds, cpu_seconds: (used.user + used.system) / 1e6, version, node: process.version }));
  pool.close();
  process.stdin.destroy();
}

main().catch((error) => {
  console.error(String(error));
  process.exit(1);
});
