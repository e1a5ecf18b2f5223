// What both Node drivers share: lines in, lines out, and the call that asks a path.
'use strict';
const readline = require('readline');

/** Answer each line of the input with one of the output, one after the other. */
async function lines(answer) {
  const print = process.stdout.write.bind(process.stdout);
  console.log = console.error; // what the client prints is none of our lines
  for await (const line of readline.createInterface({ input: process.stdin })) {
    print(JSON.stringify(await answer(JSON.parse(line))) + '\n');
  }
}

/** Calls by HTTP method with those first that have fewer variables in their path. */
function ordered(found) {
  const variables = (call) => call.template.split('{').length;
  for (const listed of Object.values(found)) listed.sort((one, other) => variables(one) - variables(other));
  return found;
}

/** The call that asks for what is wanted, the path's variables by name, and the query's pairs. */
function find(known, asked) {
  const [raw, search = ''] = asked.path.split('?');
  const wanted = raw.replace(/^\/\/+/, '/');
  for (const call of known[asked.method] || []) {
    const names = [...call.template.matchAll(/\{([^}]+)\}/g)].map((each) => each[1]);
    const parts = call.template.split(/\{[^}]+\}/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
    const match = new RegExp(`^${parts.join('([^/]+)')}$`).exec(wanted);
    if (match) {
      const values = Object.fromEntries(names.map((name, at) => [name, decodeURIComponent(match[at + 1])]));
      return { call, values, query: [...new URLSearchParams(search)] };
    }
  }
  return null;
}

/** A value of a query as an argument of the type is. */
function typed(type, value) {
  if (type === 'number') return Number(value);
  if (type === 'boolean') return value === 'true';
  if (type.startsWith('Array<')) return value.split(',');
  if (type === 'Date') return new Date(value);
  return value;
}

module.exports = { lines, find, ordered, typed };
