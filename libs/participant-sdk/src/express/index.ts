export { expressHandler } from './express-handler.js';
