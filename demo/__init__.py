"""One real call, from Twilio's SDK to SIP telephones and back: `make demo`."""
