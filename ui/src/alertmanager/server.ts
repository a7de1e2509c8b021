import { basePath } from '../app/base-path.ts'
import { AlertmanagerClient } from './client.ts'

/** The Alertmanager these pages came from. */
export const server = new AlertmanagerClient(basePath)
