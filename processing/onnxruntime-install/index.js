/**
 * onnxruntime-node's install script asks for this module first, and then reads the variable: told to skip, it ends
 * without downloading GPU libraries, which nothing here uses. npm 11 does not run the script (`allowScripts`); npm 10
 * does, and could otherwise be told only by a key in `.npmrc` that npm 11 warns of before every command.
 */
process.env.ONNXRUNTIME_NODE_INSTALL = 'skip';
exports.bootstrap = () => {};
