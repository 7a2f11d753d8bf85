// What a developer's shell sets for a server of theirs is nothing to the tests.
for (const name of Object.keys(process.env)) {
  if (name.startsWith('ORRERY_') && !name.startsWith('ORRERY_TEST_')) delete process.env[name];
}
