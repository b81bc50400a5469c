// Starts `sess lsp` and connects VS Code to it; all that is clever is in the server.

"use strict";

const fs = require("fs");
const path = require("path");
const vscode = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

let client;

/** Return the program and its arguments; a path that exists below the workspace folder is meant so. */
function command() {
  const [program, ...args] = vscode.workspace.getConfiguration("sess").get("command");
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath;
  const local = folder && path.join(folder, program);
  return { command: local && fs.existsSync(local) ? local : program, args };
}

async function start() {
  const watcher = vscode.workspace.createFileSystemWatcher("**/*.{sess,pbtxt,json}");
  client = new LanguageClient("sess", "sess", command(), {
    documentSelector: [{ language: "sess", scheme: "file" }, { language: "sess", scheme: "untitled" }],
    synchronize: { fileEvents: watcher },
  });
  try {
    await client.start();
  } catch (error) {
    vscode.window.showErrorMessage(
      `sess: the language server didn't start (${error.message}). ` +
        'Install it by pip install "sess[lsp]", or say where it is in the setting sess.command.',
    );
  }
}

async function activate(context) {
  context.subscriptions.push(
    vscode.commands.registerCommand("sess.restart", async () => {
      await client?.stop().catch(() => undefined);
      await start();
    }),
  );
  await start();
}

function deactivate() {
  return client?.stop();
}

module.exports = { activate, deactivate };
