// The models that the simulator is stocked with, and small inputs for them.
export const chatModel = "qwen2-1.5b-instruct";
export const slashedModel = "qwen/qwen3-4b-2507";
export const otherModel = "granite-3.0-2b-instruct";
export const visionModel = "qwen3-vl-4b-instruct";
export const embedder = "text-embedding-nomic-embed-text-v1.5";

/** A PNG of one pixel, 73 bytes. */
export const onePixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAACklEQVR4nGMAAQAABQABDQottAAAAABJRU5ErkJggg==";
export const onePixelUrl = `data:image/png;base64,${onePixel}`;
export const onePixelBytes = Buffer.from(onePixel, "base64").length;

/** What "count to N" is answered with. */
export const counted = limit => Array.from({ length: limit }, (_, index) => index + 1).join(", ");

/** One user message. */
export const says = content => [{ role: "user", content }];
