#!/usr/bin/env node
import { main } from "../dist/cli.js";

await main("open", process.argv.slice(2));
