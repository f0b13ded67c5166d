/** What an assistant can be asked with. */
export const acceptedParts = ["text", "image", "file"] as const;

/** Lower-case letters, digits and hyphens, not at either end. */
export const slugForm = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
