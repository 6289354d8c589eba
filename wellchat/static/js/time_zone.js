/* Signing up sends the browser's time zone. People can choose another in the settings. */
const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
if (timeZone) document.querySelector('input[name="time_zone"]').value = timeZone;
