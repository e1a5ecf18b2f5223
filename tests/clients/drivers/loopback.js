// Loaded before a program (node --require): connections to the host of QUAESTOR_HOST go to the sandbox's port on this
// machine. Name and certificate are checked as ever; the program isn't changed.
'use strict';
const tls = require('tls');

const connect = tls.connect;
tls.connect = function (...given) {
  const options = given.find((each) => each && typeof each === 'object');
  if (options && options.host === process.env.QUAESTOR_HOST) {
    const port = Number(process.env.QUAESTOR_PORT);
    Object.assign(options, { servername: options.servername || options.host, host: '127.0.0.1', port });
  }
  return connect.apply(this, given);
};
