import { ApiClient } from '../api/client.ts'
import { basePath } from './base-path.ts'

/** The server this console came from. */
export const server = new ApiClient(basePath)
