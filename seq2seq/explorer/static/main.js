import { exported } from "./exported.js";

document.getElementById("answer").textContent = exported ? JSON.stringify(exported.answers.length) : "live";
