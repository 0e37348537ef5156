import { ewma } from './ewma.ts';
import { createForecaster } from './forecaster.ts';

/** The forecaster that production uses: docs/routing.md compares it with the others. */
export const arrivalsForecaster = createForecaster(ewma());
