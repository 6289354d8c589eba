/* Signing up, and playing somebody of the demo, sends the browser's time zone. People can choose another in the settings. */
const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
if (timeZone) document.querySelectorAll('input[name="time_zone"]').forEach((field) => (field.value = timeZone));
