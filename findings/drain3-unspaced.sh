#!/usr/bin/env bash
# Guess: messages that differ in a number alone have one template, in Chinese as in English; with a mask for numbers in any case.
# Behaviour: the miner cuts at spaces only, so a Chinese, Japanese or Thai message is one word, and each of 300 is a template of its own,
#   or, where a space comes late, the whole of its beginning is the variable part: refunds and shipments are one template. A mask
#   with \b around the number, which serves in English, masks nothing: to Python a Chinese character is a letter.
# Hurts: whoever looks for new kinds of messages in SHOPLINE's log with it: every entry is new, or two kinds are one.
# Instead: a mask without \b, as \d+.
. "$(dirname "$0")/lib.sh"
python_with drain3-improved==0.10.0
seen=$("$python" -W ignore - 2>set-up.log <<'PY'
from drain3 import TemplateMiner
from drain3.masking import MaskingInstruction
from drain3.template_miner_config import TemplateMinerConfig
def mine(name, texts, mask=None):
    config = TemplateMinerConfig()
    if mask:
        config.masking_instructions = [MaskingInstruction(mask, "NUMBER")]
    miner = TemplateMiner(config=config)
    for number in range(1000, 1150):
        for text in texts:
            miner.add_log_message(text.format(number))
    templates = [cluster.get_template() for cluster in miner.drain.clusters]
    print(f"{name}: {len(templates)} templates of {150 * len(texts)} messages" + (f" {templates}" if len(templates) < 3 else ""))
english = ["Refund of order {} failed", "Shipment of order {} is late"]
chinese = ["订单{}退款失败", "订单{}发货延迟"]
mine("English", english)
mine("Chinese", chinese)
mine("Chinese, with a reason", ["订单{}退款失败，原因: gateway timeout", "订单{}发货延迟，原因: gateway timeout"])
mine("Japanese and Thai", ["注文{}の返金に失敗しました", "คืนเงินคำสั่งซื้อ{}ล้มเหลว"])
mine(r"English, mask \b\d+\b", english, r"\b\d+\b")
mine(r"Chinese, mask \b\d+\b", chinese, r"\b\d+\b")
mine(r"Chinese, mask \d+", chinese, r"\d+")
PY
)
verdict 'drain3-improved 0.10.0 (PyPI)' '2 templates of 300 messages, each time' 'English: 2 templates of 300 messages ['\''Refund of order <*> failed'\'', '\''Shipment of order <*> is late'\'']
Chinese: 300 templates of 300 messages
Chinese, with a reason: 1 templates of 300 messages ['\''<*> gateway timeout'\'']
Japanese and Thai: 300 templates of 300 messages
English, mask \b\d+\b: 2 templates of 300 messages ['\''Refund of order <NUMBER> failed'\'', '\''Shipment of order <NUMBER> is late'\'']
Chinese, mask \b\d+\b: 300 templates of 300 messages
Chinese, mask \d+: 2 templates of 300 messages ['\''订单<NUMBER>退款失败'\'', '\''订单<NUMBER>发货延迟'\'']' "$seen"
