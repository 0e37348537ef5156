// @ts-check
import { defineImplementation } from 'spillway/implementation';
import noOp from './operation.js';

export default defineImplementation(noOp, {
  async make() {
    return 'nothing';
  },
});
