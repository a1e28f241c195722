# Prints the failed tests of .trx files, each with its message, for those who read only the end of a long log.
function plain(text) {
    gsub(/&lt;/, "<", text); gsub(/&gt;/, ">", text); gsub(/&quot;/, "\"", text); gsub(/&#x[0-9A-Fa-f]+;/, " ", text); gsub(/&amp;/, "\\&", text)
    return text
}

/<UnitTestResult / {
    failed = / outcome="(Failed|Error|Timeout|Aborted)"/
    if (failed) {
        name = $0; sub(/.* testName="/, "", name); sub(/" computerName=.*/, "", name)
        print "FAILED: " plain(name)
    }
}
failed && /<Message>/ { message = 1; lines = 0 }
message {
    text = $0; sub(/.*<Message>/, "", text); last = sub(/<\/Message>.*/, "", text)
    if (lines++ < 40) print "    " substr(plain(text), 1, 400)
    if (last) message = 0
}
