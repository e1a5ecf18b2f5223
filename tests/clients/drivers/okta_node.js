// Okta's SDK for Node at the end of a pipe; the lines are those of okta_python.py.
//
// Each of its calls says in its code which path it asks, under which names it takes values and of which type its body
// is: they are found, not listed. Before: desk started it. After: the SDK asks the sandbox.
'use strict';
const fs = require('fs');
const path = require('path');
const { createRequire } = require('module');
const installed = createRequire(path.join(process.env.QUAESTOR_NODE, 'x.js'));
const { Client } = installed('@okta/okta-sdk-nodejs');
const { lines, find, ordered, typed } = require('./pipe.js');

const GENERATED = path.join(process.env.QUAESTOR_NODE, 'node_modules/@okta/okta-sdk-nodejs/src/generated');
const { ObjectSerializer } = require(path.join(GENERATED, 'models/ObjectSerializer.js'));
const SOURCES = path.join(GENERATED, 'apis');

/** Every call by HTTP method: {name, template, path, query, body}; arguments by wire name. */
function calls() {
  const found = {};
  for (const file of fs.readdirSync(SOURCES).filter((name) => name.endsWith('Api.js'))) {
    const text = fs.readFileSync(path.join(SOURCES, file), 'utf-8').split(/class \w+ResponseProcessor/)[0];
    for (const code of text.split(/\n {2}async (?=\w+\()/).slice(1)) {
      const template = /const path = '([^']*)'/.exec(code);
      const method = /HttpMethodEnum\.(\w+)/.exec(code);
      if (!template || !method) continue;
      const body = /ObjectSerializer\.serialize\(\s*(\w+),\s*'([^']*)',\s*'[^']*'\s*\), contentType/.exec(code);
      const query = {};
      for (const each of code.matchAll(/setQueryParam\('([^']+)', .*?serialize\((\w+), '([^']*)'/g)) {
        query[each[1]] = [each[2], each[3]];
      }
      const inPath = {};
      for (const each of code.matchAll(/\['(\w+)'\]: String\((\w+)\)/g)) inPath[each[1]] = each[2];
      (found[method[1]] ||= []).push({
        name: /^\w+/.exec(code)[0],
        template: template[1],
        path: inPath,
        query,
        body: body ? [body[1], body[2]] : null,
      });
    }
  }
  return ordered(found);
}

/** The API object that has a call. */
function owner(client, name) {
  return Object.values(client).find((api) => api && typeof api === 'object' && typeof api[name] === 'function');
}

async function answer(client, known, asked) {
  const found = find(known, asked);
  const api = found && owner(client, found.call.name);
  if (!api) return { absent: true };
  const { call, values, query } = found;
  const said = { call: call.name };
  const given = {};
  for (const [name, value] of Object.entries(values)) given[call.path[name] || name] = value;
  for (const [name, value] of query) {
    if (call.query[name]) given[call.query[name][0]] = typed(call.query[name][1], value);
  }
  if (call.body && asked.body !== undefined && asked.body !== null) {
    const model = ObjectSerializer.deserialize(asked.body, call.body[1], '');
    const name = call.body[0];
    given[name] = model === undefined ? asked.body : model;
    given[name[0].toUpperCase() + name.slice(1)] = given[name]; // which of both the SDK reads differs by call
  }
  try {
    const data = await api[call.name](given);
    if (data && typeof data.each === 'function') {
      const everything = [];
      if (asked.all) await data.each((item) => void everything.push(item));
      else everything.push(...(await data.getNextPage()));
      return { ...said, kind: everything.length ? everything[0].constructor.name : '', size: everything.length };
    }
    return { ...said, kind: data === null || data === undefined ? 'undefined' : data.constructor.name };
  } catch (error) {
    return { ...said, error: `${error.name}: ${error.message}`, status: error.status || error.code || 0 };
  }
}

const client = new Client(JSON.parse(process.env.QUAESTOR_CLIENT));
const known = calls();
lines((asked) => answer(client, known, asked));
