import { testGradients } from './gradients';

testGradients('wasm');
