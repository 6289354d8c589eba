/* Times are told in the zone of whoever signs up, unless they choose another in the settings. */
const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
if (timeZone) document.querySelector('input[name="time_zone"]').value = timeZone;
