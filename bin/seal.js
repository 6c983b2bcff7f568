#!/usr/bin/env node
import { main } from "../dist/cli.js";

await main("seal", process.argv.slice(2));
