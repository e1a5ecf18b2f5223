// Datadog's TypeScript client at the end of a pipe; the lines are those of okta_python.py.
//
// Each of its calls says in its code which path it asks, under which names it takes values and of which type its body
// is: they are found, not listed. Before: desk started it. After: the client asks the sandbox.
'use strict';
const fs = require('fs');
const path = require('path');
const { createRequire } = require('module');
const installed = createRequire(path.join(process.env.QUAESTOR_NODE, 'x.js'));
const { client, v1, v2 } = installed('@datadog/datadog-api-client');
const { lines, find, ordered, typed } = require('./pipe.js');

const ROOT = path.join(process.env.QUAESTOR_NODE, 'node_modules/@datadog/datadog-api-client/dist/packages');
const VERSIONS = { v1, v2 };

/** Every call by HTTP method: {version, api, name, template, path, query, body}. */
function calls() {
  const found = {};
  for (const version of Object.keys(VERSIONS)) {
    const folder = path.join(ROOT, `datadog-api-client-${version}`, 'apis');
    for (const file of fs.readdirSync(folder).filter((name) => name.endsWith('Api.js'))) {
      const text = fs.readFileSync(path.join(folder, file), 'utf-8').split(/class \w+ResponseProcessor/)[0];
      for (const code of text.split(/\n {4}(?=\w+\([^\n]*_options\) \{)/).slice(1)) {
        const template = /localVarPath = "([^"]*)"/.exec(code);
        const method = /HttpMethod\.(\w+)/.exec(code);
        if (!template || !method) continue;
        const body = /serialize\((\w+), "([^"]*)", "[^"]*"\), contentType/.exec(code);
        const query = {};
        for (const each of code.matchAll(/setQueryParam\("([^"]+)", .*?serialize\((\w+), "([^"]*)"/g)) {
          query[each[1]] = [each[2], each[3]];
        }
        const inPath = {};
        for (const each of code.matchAll(/replace\("\{([^}]+)\}", encodeURIComponent\(String\((\w+)\)/g)) {
          inPath[each[1]] = each[2];
        }
        (found[method[1]] ||= []).push({
          version,
          api: file.slice(0, -3),
          name: /^\w+/.exec(code)[0],
          template: template[1],
          path: inPath,
          query,
          body: body ? [body[1], body[2]] : null,
        });
      }
    }
  }
  return ordered(found);
}

/** An object of the client's own classes, of JSON. */
function model(version, type, value) {
  const { ObjectSerializer } = require(path.join(ROOT, `datadog-api-client-${version}`, 'models/ObjectSerializer.js'));
  return ObjectSerializer.deserialize(value, type, '');
}

async function answer(configuration, known, asked) {
  const found = find(known, asked);
  if (!found) return { absent: true };
  const { call, values, query } = found;
  const said = { call: `${call.version}.${call.api}.${call.name}` };
  try {
    const api = new VERSIONS[call.version][call.api](configuration);
    const given = {};
    for (const [name, value] of Object.entries(values)) {
      given[call.path[name]] = value;
    }
    for (const [name, value] of query) {
      if (call.query[name]) given[call.query[name][0]] = typed(call.query[name][1], value);
    }
    if (call.body && asked.body !== undefined && asked.body !== null) {
      given[call.body[0]] = model(call.version, call.body[1], asked.body);
    }
    if (asked.all) {
      const everything = [];
      for await (const item of api[call.name + 'WithPagination'](given)) everything.push(item);
      return { ...said, kind: everything.length ? everything[0].constructor.name : '', size: everything.length };
    }
    // a call without arguments takes its options first
    const data = api[call.name].length < 2 && !/^\w+\(param/.test(String(api[call.name]))
      ? await api[call.name]()
      : await api[call.name](given);
    const kind = data === null || data === undefined ? 'undefined' : data.constructor.name;
    if (kind === 'UnparsedObject') throw new Error('what came is of no type that the client knows');
    if (!Array.isArray(data)) return { ...said, kind };
    return { ...said, kind: data.length ? data[0].constructor.name : '', size: data.length };
  } catch (error) {
    const text = error.message || JSON.stringify(error.body || '');
    return { ...said, error: `${error.name || 'ApiException'}: ${text}`, status: error.code || 0 };
  }
}

const { url, retry } = JSON.parse(process.env.QUAESTOR_CLIENT);
const configuration = client.createConfiguration({
  baseServer: new client.BaseServerConfiguration(url, {}),
  enableRetry: retry,
});
for (const operation of Object.keys(configuration.unstableOperations)) {
  configuration.unstableOperations[operation] = true;
}
const known = calls();
lines((asked) => answer(configuration, known, asked));
