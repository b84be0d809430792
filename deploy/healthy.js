// For a container's health check: exit code 0 when the service is ready.
const { ok } = await fetch(`http://127.0.0.1:${process.env.OPS_PORT}/readyz`);
process.exit(ok ? 0 : 1);
