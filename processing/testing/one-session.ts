import { fileURLToPath } from 'node:url';
import { openSession } from '../open-session.ts';

// Opens a session of its own process and releases it.
const session = await openSession(fileURLToPath(new URL('./saliency/net.onnx', import.meta.url)), {});
await session.release();
